"""The model under repair: found, held warm in a worker process, evaluated, trained."""
