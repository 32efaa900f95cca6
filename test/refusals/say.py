"""Says the statements of a JSON list on one connection and prints what it was told."""
import json
import sys

import pymysql

port, user = int(sys.argv[1]), sys.argv[2]
connection = pymysql.connect(host="127.0.0.1", port=port, user=user, charset="utf8mb4")
answers = []
for statement in json.load(sys.stdin):
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        answers.append({"errno": 0, "sqlstate": "", "text": "OK"})
    except pymysql.err.MySQLError as error:
        answers.append({"errno": error.args[0], "sqlstate": "", "text": error.args[1]})
print(json.dumps(answers))
