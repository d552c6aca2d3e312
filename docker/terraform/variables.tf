variable "region" {
  description = "The region of the bucket and of Glue, as AWS_REGION."
  type        = string
  default     = "eu-central-1"
}

variable "bucket" {
  description = "The bucket of the tables, as S3_BUCKET. Names are unique on all of AWS: choose one of your own."
  type        = string
  default     = "fq-app-analytics-bucket-1"
}

variable "documents" {
  description = "The folder, seen from this one, with what `fq policies` wrote for this bucket and region."
  type        = string
  default     = "../aws"
}

variable "databases" {
  description = "The databases of Glue, one for each layer."
  type        = set(string)
  default     = ["raw", "curated", "shared", "analytics"]
}

variable "name" {
  description = "What the names of roles and policies begin with."
  type        = string
  default     = "fq"
}

variable "trusted" {
  description = "Who may take which role: role name to the ARNs of principals (roles of pods, instances, people)."
  type        = map(list(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.trusted), ["raw-writer", "curated-writer", "analytics-writer", "analyst", "upkeep"])) == 0
    error_message = "Roles are raw-writer, curated-writer, analytics-writer, analyst and upkeep."
  }
}

variable "kms_key_arn" {
  description = "The key that files are encrypted with, as FQ_KMS_KEY_ID; null for S3's own."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of everything that is made."
  type        = map(string)
  default     = { application = "fq-platform" }
}
