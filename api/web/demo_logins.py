"""Who can sign in to the demonstration; public, so that anybody can look around in their own."""

SLUG = "demo"
PASSWORD = "siftmap-demo"  # noqa: S105 - public, for your own server
LOGINS = {
    "lead": "lead@demo.example",
    "reviewer 1": "ana@demo.example",
    "reviewer 2": "ben@demo.example",
    "advisor": "advisor@demo.example",
}
