# A policy for each role, as `fq policies` wrote it, and the role itself where somebody may take it.

locals {
  roles = toset([
    for file in fileset("${path.module}/${var.documents}", "*.json") : trimsuffix(file, ".json") if file != "lifecycle.json"
  ])
  # Of no account in particular if `fq policies` was not told one: then any that they are attached in.
  policies = { for role in local.roles : role => file("${path.module}/${var.documents}/${role}.json") }
}

resource "aws_iam_policy" "role" {
  for_each = local.policies

  name   = "${var.name}-${each.key}"
  policy = each.value

  lifecycle {
    precondition {
      condition     = strcontains(each.value, ":::${var.bucket}") && strcontains(each.value, ":glue:${var.region}:")
      error_message = "The policies are for another bucket or region: S3_BUCKET=${var.bucket} AWS_REGION=${var.region} fq policies"
    }
  }
}

data "aws_iam_policy_document" "trust" {
  for_each = var.trusted

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = each.value
    }
  }
}

resource "aws_iam_role" "role" {
  for_each = var.trusted

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}

resource "aws_iam_role_policy_attachment" "role" {
  for_each = var.trusted

  role       = aws_iam_role.role[each.key].name
  policy_arn = aws_iam_policy.role[each.key].arn
}
