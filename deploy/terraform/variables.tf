variable "environment" {
  description = "Name of the environment: part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}$", var.environment))
    error_message = "Two to fifteen lower-case letters, digits and dashes, a letter first."
  }
}

variable "milestone" {
  description = "Questions a day that it is sized for; docs/scaling.md says what each takes."
  type        = string

  validation {
    condition     = contains(["1k", "10k", "100k", "1M"], var.milestone)
    error_message = "One of 1k, 10k, 100k and 1M."
  }
}

variable "region" {
  description = "Where everything is."
  type        = string
  default     = "eu-central-1"
}

variable "network" {
  description = "Private addresses of the whole network: a /16 that overlaps with no other of yours."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.network, 4, 15))
    error_message = "A network such as 10.40.0.0/16."
  }
}

variable "zone" {
  description = "The public DNS zone, which is there already, such as example.com."
  type        = string
}

variable "platform_host" {
  description = "Host of the platform's own pages, in the zone, such as app.example.com."
  type        = string
}

variable "tenant_host_suffix" {
  description = "What workspaces' hosts end in, in the zone, such as chat.example.com."
  type        = string
}

variable "kubernetes_version" {
  description = "Version of the cluster; deploy/kubernetes needs 1.31 or newer."
  type        = string
  default     = "1.34"
}

variable "administrators" {
  description = "Networks that may reach the cluster's API, such as an office's. Empty: from inside alone."
  type        = list(string)
  default     = []

  validation {
    condition     = !contains(var.administrators, "0.0.0.0/0")
    error_message = "The cluster's API is not for everybody."
  }
}

variable "backup_days" {
  description = "Days for which the database can be taken back to any moment."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "1 to 35 days."
  }
}

variable "is_protected" {
  description = "Whether database and files refuse to be destroyed. Off for an environment that comes and goes."
  type        = bool
  default     = true
}
