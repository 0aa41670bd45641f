"""What every HTTP trigger shares: requests, responses, problems, callers, routes."""
