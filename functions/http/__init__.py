"""What every HTTP trigger shares: requests, responses, problems, callers, routes.

trigger, caller, routes                            who calls, and which trigger answers
requests, header_lists, idempotency_key, prefer    what is read of a request
responses, public_url                              what is answered
problems, failures                                 errors
"""
