CREATE TABLE `again` (
  `id` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `alembic_version` VALUES ('again');
INSERT INTO `alembic_version` VALUES ('side');
CREATE TABLE `kept` (
  `id` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
CREATE TABLE `later` (
  `id` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `later` VALUES (1);
CREATE TABLE `migrate_journal` (
  `sequence` bigint(20) NOT NULL AUTO_INCREMENT,
  `event` varchar(16) NOT NULL,
  `direction` varchar(16) NOT NULL,
  `revision` varchar(32) NOT NULL,
  `down_revision` longtext NOT NULL,
  `depends_on` longtext NOT NULL,
  `message` longtext NOT NULL,
  `settings` longtext NOT NULL,
  `checksum` char(64) DEFAULT NULL,
  `digest` char(64) DEFAULT NULL,
  `started_at` datetime(3) NOT NULL,
  `finished_at` datetime(3) DEFAULT NULL,
  `duration_ms` bigint(20) DEFAULT NULL,
  `statements` bigint(20) NOT NULL,
  `statements_hash` char(64) DEFAULT NULL,
  `downgrade` longtext DEFAULT NULL,
  `tool_version` varchar(64) NOT NULL,
  `error` longtext DEFAULT NULL,
  `progress` longtext DEFAULT NULL,
  `evidence` text DEFAULT NULL,
  PRIMARY KEY (`sequence`),
  UNIQUE KEY `revision` (`revision`,`sequence`)
) ENGINE=InnoDB AUTO_INCREMENT=29 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
INSERT INTO `migrate_journal` VALUES (1,'stamped','stamp','before','','','Keep what was there before','','af07685d24868436d1abeb32a6e1a4cbadd0ac7e759a36e32b6a02da4d09c6be','18fc3c2e58a872e900076ced908c235c7ef67bb1e80e31b62e40ec73ff33ad2a','2026-11-29 03:31:36.244','2026-11-29 03:31:36.246',1,0,NULL,'DROP TABLE kept;','embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (2,'started','upgrade','tables','before','','Create the tables','','f3efe91d6ed758f7d8629eb8684724ea5eb3149269f108a4dc74bacd698bc12a','76f688b28431a2af8dda0758556d6ddbfc7ec2ee5e29a00021da3cf6a0111538','2026-11-29 03:31:36.310',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,'f132c9b81e288b5b6241c15cd68ff843 -');
INSERT INTO `migrate_journal` VALUES (3,'statement','upgrade','tables','before','','Create the tables','','f3efe91d6ed758f7d8629eb8684724ea5eb3149269f108a4dc74bacd698bc12a','76f688b28431a2af8dda0758556d6ddbfc7ec2ee5e29a00021da3cf6a0111538','2026-11-29 03:31:36.311','2026-11-29 03:31:36.333',22,1,'0c2a326fadc5feca7ba8b9c8688d8c79b8cb09ef6b91631fa2f81c1c03360a46',NULL,'embed-migrations 0.1.0',NULL,NULL,'5d9852ecd4f6c0e8f5b1f9850ac2e6ac -');
INSERT INTO `migrate_journal` VALUES (4,'statement','upgrade','tables','before','','Create the tables','','f3efe91d6ed758f7d8629eb8684724ea5eb3149269f108a4dc74bacd698bc12a','76f688b28431a2af8dda0758556d6ddbfc7ec2ee5e29a00021da3cf6a0111538','2026-11-29 03:31:36.335','2026-11-29 03:31:36.366',31,2,'59daa5d950df6e9c6cfce7f82f9477138dd748291de88f5d9a4cf1075301d762',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (5,'finished','upgrade','tables','before','','Create the tables','','f3efe91d6ed758f7d8629eb8684724ea5eb3149269f108a4dc74bacd698bc12a','76f688b28431a2af8dda0758556d6ddbfc7ec2ee5e29a00021da3cf6a0111538','2026-11-29 03:31:36.364','2026-11-29 03:31:36.366',1,2,'59daa5d950df6e9c6cfce7f82f9477138dd748291de88f5d9a4cf1075301d762','DROP TABLE mood;\nDROP TABLE numbers;','embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (6,'started','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.367',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,'fa30a3e875776e8be5d07f369155c800 -');
INSERT INTO `migrate_journal` VALUES (7,'statement','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.380','2026-11-29 03:31:36.402',22,1,'bdcd412dbf8d5dc7bbe17925322150ed1946704e05f3ab3d2d7384909c0d183b',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (8,'failed','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.403','2026-11-29 03:31:36.404',1,1,'bdcd412dbf8d5dc7bbe17925322150ed1946704e05f3ab3d2d7384909c0d183b',NULL,'embed-migrations 0.1.0','Table \'test_6793_0.later\' doesn\'t exist',NULL,NULL);
INSERT INTO `migrate_journal` VALUES (9,'started','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.465',NULL,0,1,'bdcd412dbf8d5dc7bbe17925322150ed1946704e05f3ab3d2d7384909c0d183b',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (10,'statement','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.498','2026-11-29 03:31:36.499',0,2,'de3df65790aef7880ae27a5651c7ba7b7bf7f11629b0f1cc76526e5d13b98181',NULL,'embed-migrations 0.1.0',NULL,NULL,'6f81b40f4259d48a24a347e58a3f7a2a -');
INSERT INTO `migrate_journal` VALUES (11,'statement','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.506','2026-11-29 03:31:36.537',31,3,'5840f211c1896ace8a73d39d713f700491c7c5b13ad154953b6a82db95bda1d2',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (12,'finished','upgrade','outside','tables','','Run outside a transaction','transaction: off','791735c50ba37cace69383d18659ee2e092c70588bcbc6fb7642a37c3a7c7257','67e31689511a9b5d45e00cc1eef9285676939e215d4726b9c7e21671bf8db7bd','2026-11-29 03:31:36.531','2026-11-29 03:31:36.538',6,3,'5840f211c1896ace8a73d39d713f700491c7c5b13ad154953b6a82db95bda1d2','DROP TABLE two;\nDELETE FROM later;\nDROP TABLE one;','embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (13,'started','upgrade','side','','tables','Begin another branch','','68609bac1fd6d1d1fba093f62377b8a0063a14263b77374f61ffa361960be14d','27f09c7371fb73befe74e54519a5b87cb82d94090ee5014ce2faf3382a51bace','2026-11-29 03:31:36.550',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,'ff4929482e058468057b87b8fd6ed1c4 -');
INSERT INTO `migrate_journal` VALUES (14,'statement','upgrade','side','','tables','Begin another branch','','68609bac1fd6d1d1fba093f62377b8a0063a14263b77374f61ffa361960be14d','27f09c7371fb73befe74e54519a5b87cb82d94090ee5014ce2faf3382a51bace','2026-11-29 03:31:36.545','2026-11-29 03:31:36.584',39,1,'f1501702d07c23c3003ac49bfd6eba411a5d19620d9848bc170366ded42ca7a8',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (15,'finished','upgrade','side','','tables','Begin another branch','','68609bac1fd6d1d1fba093f62377b8a0063a14263b77374f61ffa361960be14d','27f09c7371fb73befe74e54519a5b87cb82d94090ee5014ce2faf3382a51bace','2026-11-29 03:31:36.583','2026-11-29 03:31:36.584',1,1,'f1501702d07c23c3003ac49bfd6eba411a5d19620d9848bc170366ded42ca7a8','DROP TABLE side;','embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (16,'started','upgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.608',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,'e210250837b165cc0ffce545200e0218 -');
INSERT INTO `migrate_journal` VALUES (17,'statement','upgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.605','2026-11-29 03:31:36.630',25,1,'29ffd3e1fb8a92f3ec37137c3961deb0e41ad3771b63d09daca32267dbe3bf8b',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (18,'finished','upgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.629','2026-11-29 03:31:36.630',1,1,'29ffd3e1fb8a92f3ec37137c3961deb0e41ad3771b63d09daca32267dbe3bf8b','DROP TABLE again;','embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (19,'started','downgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.647',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,'d8b8b4b20a7f1fe615f570086da54a3c a6ebe02f2d38e78cbc9728cb731b6da6');
INSERT INTO `migrate_journal` VALUES (20,'statement','downgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.648','2026-11-29 03:31:36.692',44,1,'e58b76c01c61533babccf02cf5917f53f6b0be6bfbab0c7d368492c8d293d802',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (21,'finished','downgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.688','2026-11-29 03:31:36.692',3,1,'e58b76c01c61533babccf02cf5917f53f6b0be6bfbab0c7d368492c8d293d802',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (22,'started','upgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.708',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,'e210250837b165cc0ffce545200e0218 -');
INSERT INTO `migrate_journal` VALUES (23,'statement','upgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.704','2026-11-29 03:31:36.766',62,1,'29ffd3e1fb8a92f3ec37137c3961deb0e41ad3771b63d09daca32267dbe3bf8b',NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (24,'finished','upgrade','again','outside','','Apply, roll back and apply again','','5f02378f82bf547c5ecc4eedd41fec45498af95e09777f5a7e2797f9b3a8dbaf','5ef1aa489e22fa742ff49f59826da22289a1d8b59eb207648f0e8c5e071659f8','2026-11-29 03:31:36.765','2026-11-29 03:31:36.766',1,1,'29ffd3e1fb8a92f3ec37137c3961deb0e41ad3771b63d09daca32267dbe3bf8b','DROP TABLE again;','embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (25,'started','upgrade','backfill','again','','Count how often each row is changed','transaction: off,rust','2e3e810ec971d89eba124f19bde1685c8bba88a85989ec4c32b90151640c60e9','4ff829f1837fb912145cafa1742213fb3b170fdcd7fed73094a67ac0113fe978','2026-11-29 03:31:36.777',NULL,0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,NULL,NULL);
INSERT INTO `migrate_journal` VALUES (26,'batch','upgrade','backfill','again','','Count how often each row is changed','transaction: off,rust','2e3e810ec971d89eba124f19bde1685c8bba88a85989ec4c32b90151640c60e9','4ff829f1837fb912145cafa1742213fb3b170fdcd7fed73094a67ac0113fe978','2026-11-29 03:31:36.779','2026-11-29 03:31:36.779',0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,'0 start',NULL);
INSERT INTO `migrate_journal` VALUES (27,'batch','upgrade','backfill','again','','Count how often each row is changed','transaction: off,rust','2e3e810ec971d89eba124f19bde1685c8bba88a85989ec4c32b90151640c60e9','4ff829f1837fb912145cafa1742213fb3b170fdcd7fed73094a67ac0113fe978','2026-11-29 03:31:36.784','2026-11-29 03:31:36.784',0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,'0 integer 10',NULL);
INSERT INTO `migrate_journal` VALUES (28,'batch','upgrade','backfill','again','','Count how often each row is changed','transaction: off,rust','2e3e810ec971d89eba124f19bde1685c8bba88a85989ec4c32b90151640c60e9','4ff829f1837fb912145cafa1742213fb3b170fdcd7fed73094a67ac0113fe978','2026-11-29 03:31:36.785','2026-11-29 03:31:36.785',0,0,NULL,NULL,'embed-migrations 0.1.0',NULL,'0 integer 20',NULL);
CREATE TABLE `mood` (
  `stop_at` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `mood` VALUES (25);
CREATE TABLE `numbers` (
  `id` int(11) NOT NULL,
  `times` int(11) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
INSERT INTO `numbers` VALUES (1,1);
INSERT INTO `numbers` VALUES (2,1);
INSERT INTO `numbers` VALUES (3,1);
INSERT INTO `numbers` VALUES (4,1);
INSERT INTO `numbers` VALUES (5,1);
INSERT INTO `numbers` VALUES (6,1);
INSERT INTO `numbers` VALUES (7,1);
INSERT INTO `numbers` VALUES (8,1);
INSERT INTO `numbers` VALUES (9,1);
INSERT INTO `numbers` VALUES (10,1);
INSERT INTO `numbers` VALUES (11,1);
INSERT INTO `numbers` VALUES (12,1);
INSERT INTO `numbers` VALUES (13,1);
INSERT INTO `numbers` VALUES (14,1);
INSERT INTO `numbers` VALUES (15,1);
INSERT INTO `numbers` VALUES (16,1);
INSERT INTO `numbers` VALUES (17,1);
INSERT INTO `numbers` VALUES (18,1);
INSERT INTO `numbers` VALUES (19,1);
INSERT INTO `numbers` VALUES (20,1);
INSERT INTO `numbers` VALUES (21,0);
INSERT INTO `numbers` VALUES (22,0);
INSERT INTO `numbers` VALUES (23,0);
INSERT INTO `numbers` VALUES (24,0);
INSERT INTO `numbers` VALUES (25,0);
INSERT INTO `numbers` VALUES (26,0);
INSERT INTO `numbers` VALUES (27,0);
INSERT INTO `numbers` VALUES (28,0);
INSERT INTO `numbers` VALUES (29,0);
INSERT INTO `numbers` VALUES (30,0);
INSERT INTO `numbers` VALUES (31,0);
INSERT INTO `numbers` VALUES (32,0);
INSERT INTO `numbers` VALUES (33,0);
INSERT INTO `numbers` VALUES (34,0);
INSERT INTO `numbers` VALUES (35,0);
CREATE TABLE `one` (
  `id` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
CREATE TABLE `side` (
  `id` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
CREATE TABLE `two` (
  `id` int(11) DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;
