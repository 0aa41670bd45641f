"""The watch: observe what happens to a meeting in Graph after it was created, and undo nothing.

watch, watched_attendance, rounds                 the timer's runs: for events, and for attendance reports
refreshing                                        the same for one meeting, on demand
look, comparison                                  read a meeting in Graph, and compare it with its request
observations, published_events, declined_room     store what was seen, publish it, replace a room that declined
next_look                                         when to look again
"""
