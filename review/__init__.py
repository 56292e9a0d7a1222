"""The spine: tables, and every act from a search file to a PRISMA count as a plain function."""
