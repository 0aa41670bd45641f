"""What comes from outside, read strictly: JSON, closed models, findings, text of one line or more, times, paging.

json_text, merge_patch, ncrontab, paging                   formats
closed_model, draft, findings, member_names, list_bound    models of requests, and their faults
text, addresses, date_times, time_zones, join_links, idempotency_keys
                                                           values
response_model, problem_details                            models of answers
"""
