"""What the stored acts add up to, at any event: clusters, resolutions, flow states."""
