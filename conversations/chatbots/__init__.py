"""The chatbots of a workspace: their settings, origins and first steps."""
