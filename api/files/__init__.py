"""Files going in and out: uploads, downloads, drawings and pages of full texts."""
