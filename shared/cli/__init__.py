"""The command line for people: submit a file of meeting requests, and follow meetings until they are finished."""
