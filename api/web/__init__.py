"""What every page and address needs: identity, errors, security headers, rendering."""
