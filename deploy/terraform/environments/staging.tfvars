environment        = "staging"
milestone          = "1k"
network            = "10.41.0.0/16"
zone               = "example.com"
platform_host      = "app.staging.example.com"
tenant_host_suffix = "chat.staging.example.com"
backup_days        = 7
is_protected       = false
