# A database for each layer. Without a place of its own: the platform gives every table one.

resource "aws_glue_catalog_database" "layer" {
  for_each = var.databases

  name        = each.value
  description = "Tables of the layer ${each.value}"
}
