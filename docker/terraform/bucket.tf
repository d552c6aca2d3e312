# The bucket of the tables. What its rules say comes from `fq policies`, which knows where each layer lies.

resource "aws_s3_bucket" "lake" {
  bucket = var.bucket

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket                  = aws_s3_bucket.lake.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# Raw is written once: what an accident overwrites is still there for a year.
resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.lake.arn, "${aws_s3_bucket.lake.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "lake" {
  bucket     = aws_s3_bucket.lake.id
  policy     = data.aws_iam_policy_document.tls_only.json
  depends_on = [aws_s3_bucket_public_access_block.lake]
}

locals {
  rules = jsondecode(file("${path.module}/${var.documents}/lifecycle.json")).Rules
}

resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket     = aws_s3_bucket.lake.id
  depends_on = [aws_s3_bucket_versioning.lake]

  dynamic "rule" {
    for_each = local.rules

    content {
      id     = rule.value.ID
      status = rule.value.Status

      filter {
        prefix = lookup(rule.value.Filter, "Prefix", null)

        dynamic "and" {
          for_each = contains(keys(rule.value.Filter), "And") ? [rule.value.Filter.And] : []

          content {
            prefix                   = and.value.Prefix
            object_size_greater_than = and.value.ObjectSizeGreaterThan
          }
        }
      }

      dynamic "abort_incomplete_multipart_upload" {
        for_each = contains(keys(rule.value), "AbortIncompleteMultipartUpload") ? [rule.value.AbortIncompleteMultipartUpload] : []

        content {
          days_after_initiation = abort_incomplete_multipart_upload.value.DaysAfterInitiation
        }
      }

      dynamic "transition" {
        for_each = lookup(rule.value, "Transitions", [])

        content {
          days          = transition.value.Days
          storage_class = transition.value.StorageClass
        }
      }

      dynamic "noncurrent_version_expiration" {
        for_each = contains(keys(rule.value), "NoncurrentVersionExpiration") ? [rule.value.NoncurrentVersionExpiration] : []

        content {
          noncurrent_days = noncurrent_version_expiration.value.NoncurrentDays
        }
      }

      dynamic "expiration" {
        for_each = contains(keys(rule.value), "Expiration") ? [rule.value.Expiration] : []

        content {
          expired_object_delete_marker = expiration.value.ExpiredObjectDeleteMarker
        }
      }
    }
  }
}
