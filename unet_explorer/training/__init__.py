"""Training: a validated recipe, a loop that only emits events, and listeners that write what happened.

Only `engine_tensorflow` and `finish` need TensorFlow: under KERAS_BACKEND=jax the same recipes train on JAX.
"""
