"""Descriptions of the interface: OpenAPI 3.1, and OpenAPI 2.0 for Power Platform.

operation           what a route declares beside its trigger
parameters          what several declarations share
json_schema         the schemas of models
request_schemas     the schemas of requests, which several models describe
examples            requests, and the answers to them
document            OpenAPI 3.1
power_platform      OpenAPI 2.0, converted from it
"""
