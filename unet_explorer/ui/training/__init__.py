"""The Train page: preparing, starting, watching and comparing training jobs."""
