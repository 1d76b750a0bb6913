# The ground that deploy/kubernetes stands on, at AWS: docs/deploy.md, "Terraform".

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.7"
    }
  }

  # Bucket, key and region come from environments/NAME.s3.tfbackend: one state an environment.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = {
      product     = "chatbot-saas"
      environment = var.environment
    }
  }
}
