"""What people do by hand in systems that no connector reaches."""
