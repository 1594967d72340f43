"""The cluster's metadata: image, controller, configs."""
