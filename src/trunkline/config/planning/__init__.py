"""What has to be sent so that a PBX becomes what files describe: compared, ordered, refused or noted."""
