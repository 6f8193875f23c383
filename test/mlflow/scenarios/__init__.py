"""What data scientists do with a stock MLflow client, a module for each subject."""
