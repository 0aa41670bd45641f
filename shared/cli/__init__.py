"""The command line for people: submit a file of meeting requests, and follow meetings until they are finished.

submit, meetings, schedules, availability, readiness, export, probe
                                              the commands
options, output, polling                      what they share
files, csv_results, ledger_file               the files that they read and write
http_client, retries, queue_client            the app over HTTP, or over its storage
direct_readiness, tenant_probe, remedies      a tenant without the app, and what to do about it
"""
