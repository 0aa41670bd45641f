"""The interface described: OpenAPI 3.1, and OpenAPI 2.0 for Power Platform.

operation           what a route declares of itself, beside its trigger
parameters          what several of them have in common
json_schema         the schemas of models
request_schemas     those of requests, which several models describe
examples            requests, and the answers to them
document            OpenAPI 3.1
power_platform      OpenAPI 2.0, made from that
"""
