"""The U-Nets of the articles: presets as data files, one builder for all of them, and the export to SavedModels.

Only Keras is used to build, so the same network trains under TensorFlow or JAX; only `export` needs TensorFlow.
"""
