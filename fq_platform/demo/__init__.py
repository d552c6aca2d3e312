"""The embedded MongoDB and the sample accounting business."""
