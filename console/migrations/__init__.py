"""Steps of the database schema, made by `manage.py makemigrations`."""
