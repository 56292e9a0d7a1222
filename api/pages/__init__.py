"""The pages, one router for each section of the top bar."""
