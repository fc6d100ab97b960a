"""The suite `scenarios`: every scenario of the workspace, with what is expected of each."""
