output "bucket" {
  description = "For S3_BUCKET."
  value       = aws_s3_bucket.lake.id
}

output "databases" {
  description = "The databases of Glue."
  value       = sort([for database in aws_glue_catalog_database.layer : database.name])
}

output "policy_arns" {
  description = "The policy of each role, to attach to principals of your own."
  value       = { for role, policy in aws_iam_policy.role : role => policy.arn }
}

output "role_arns" {
  description = "The roles that somebody may take (the variable trusted)."
  value       = { for role, made in aws_iam_role.role : role => made.arn }
}
