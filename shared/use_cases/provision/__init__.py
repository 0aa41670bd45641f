"""Provision: create, change or cancel one meeting in Graph, step by step, each step recorded before the next.

provisioner, claiming, attempt                    one attempt: its claim, and what is recorded so far
reconciler, calendar, standalone, cancel          what Graph lacks, by the kind of the meeting
steps, join_link, event_body, options             what several kinds share
organizer_pools, room_pools, choice, reserving, meeting_times
                                                  who is chosen from a pool, and for which times
completion, postponement                          the end: a result, or a later attempt
"""

from shared.use_cases.provision.provisioner import Provisioner

__all__ = ["Provisioner"]
