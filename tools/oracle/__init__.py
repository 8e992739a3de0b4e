"""The oracle: clients that log what they were told, and a checker of the logs against what is stored."""
