"""The embedded world to rehearse in: nothing here touches a real server."""
