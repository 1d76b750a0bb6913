"""What a pipeline does beside building: a release goes to an environment, and is asked a question."""
