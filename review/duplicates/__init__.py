"""Records of the same report: found, judged, asked about and clustered."""
