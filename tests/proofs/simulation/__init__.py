"""The whole app under simulated bad luck, and the checker that looks for what was lost or done twice."""
