-- Create users and posts
--
-- revision: 1975ea83b712
-- down_revision: none
-- created: 2026-11-22T08:00:00Z
-- foreign_keys: off

-- migrate: upgrade
CREATE TABLE "users" ( "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "email" varchar NOT NULL UNIQUE, "nickname" varchar );
CREATE TABLE "posts" ( "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "title" varchar NOT NULL, "user_id" integer NOT NULL, FOREIGN KEY ("user_id") REFERENCES "users" ("id") );
CREATE INDEX "idx-posts-title" ON "posts" ("title");

-- migrate: downgrade
DROP INDEX "idx-posts-title";
-- destructive: drops table posts and its rows
DROP TABLE "posts";
-- destructive: drops table users and its rows
DROP TABLE "users";
