"""Street scenes made by code and a seed: pictures in KITTI's geometry with exact labels in article A's classes."""
