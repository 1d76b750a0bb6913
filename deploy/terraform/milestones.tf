# What a milestone takes. Each from measured figures: docs/scaling.md.

locals {
  milestones = {
    "1k" = {
      zones          = 2
      node_type      = "t4g.large"
      nodes          = { least = 1, most = 3 }
      database_class = "db.t4g.medium"
      database_gb    = 40
      standby        = false
      replicas       = 0
      redis_type     = "cache.t4g.small"
      redis_replicas = 0
    }
    "10k" = {
      zones          = 2
      node_type      = "m7g.large"
      nodes          = { least = 2, most = 4 }
      database_class = "db.m7g.large"
      database_gb    = 100
      standby        = true
      replicas       = 0
      redis_type     = "cache.t4g.medium"
      redis_replicas = 1
    }
    "100k" = {
      zones          = 3
      node_type      = "m7g.large"
      nodes          = { least = 3, most = 6 }
      database_class = "db.r7g.xlarge"
      database_gb    = 300
      standby        = true
      replicas       = 0
      redis_type     = "cache.m7g.large"
      redis_replicas = 1
    }
    "1M" = {
      zones          = 3
      node_type      = "m7g.xlarge"
      nodes          = { least = 4, most = 12 }
      database_class = "db.r7g.2xlarge"
      database_gb    = 1000
      standby        = true
      replicas       = 1
      redis_type     = "cache.r7g.large"
      redis_replicas = 2
    }
  }

  size  = local.milestones[var.milestone]
  name  = "chatbot-${var.environment}"
  zones = slice(data.aws_availability_zones.here.names, 0, local.size.zones)
}

data "aws_availability_zones" "here" {
  state = "available"
}

data "aws_caller_identity" "here" {}

data "aws_partition" "here" {}
