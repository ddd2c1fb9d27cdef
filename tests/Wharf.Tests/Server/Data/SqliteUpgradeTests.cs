using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Wharf.Oci;
using Wharf.Server.Data.Sqlite;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Data;

/// <summary>From the schema of the first release to this program's, on SQLite.</summary>
public sealed class SqliteUpgradeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_upgrade_leaves_a_copy_of_the_database_as_it_was()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("wharf.db");
        using (var old = new SqliteSession(path, readOnly: false, TimeProvider.System))
        {
            SqliteMigrations.Apply(old, path, FirstSchema.Migrations);
            old.Run("INSERT INTO namespace (name, kind, created_ms) VALUES ('before', 'user', 1)");
        }

        using (var now = new SqliteSession(path, readOnly: false, TimeProvider.System))
            SqliteMigrations.Apply(now, path);

        await using var upgraded = await OpenAsync(path);
        await using var copy = await OpenAsync(path + ".before-2");
        Assert.Equal(FirstSchema.Newest, await FirstSchema.VersionAsync(upgraded));
        Assert.Equal(1, await FirstSchema.VersionAsync(copy));
        Assert.Equal("ok", await FirstSchema.ScalarAsync(copy, "PRAGMA integrity_check"));
        Assert.Equal("before", await FirstSchema.ScalarAsync(copy, "SELECT name FROM namespace"));
        Assert.Equal("before", await FirstSchema.ScalarAsync(upgraded, "SELECT name FROM namespace"));
        Assert.Equal("before", await FirstSchema.ScalarAsync(upgraded, "SELECT name FROM namespace_history WHERE from_ms = 1 AND to_ms IS NULL"));
    }

    [Fact]
    public async Task A_new_database_makes_no_copy()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.File("wharf.db");

        using (var session = new SqliteSession(path, readOnly: false, TimeProvider.System))
            SqliteMigrations.Apply(session, path);

        Assert.Empty(Directory.GetFiles(directory.Path, "*before*"));
        await using var connection = await OpenAsync(path);
        Assert.Equal(FirstSchema.Newest, await FirstSchema.VersionAsync(connection));
    }

    [Fact]
    [Trait("Speed", "Slow")]
    public async Task An_upgrade_that_is_killed_goes_on_at_the_next_start()
    {
        await using var registry = await Registry.StartAsync<SqliteRegistry>();
        var user = await registry.CreateUserAsync();
        var images = new List<Image>();
        for (var i = 0; i < 3; i++)
            images.Add(await user.Client.PushImageAsync($"{user.Name}/app", $"t{i}"));
        var copy = registry.DatabaseFile + ".before-2";
        var (rounds, halfway) = (0, 0);

        await registry.RestartAsync(async () =>
        {
            await FillAsync(registry.DatabaseFile);
            foreach (var sign in (string[])[copy + ".new", copy, copy + ".new", copy])
            {
                await using (var connection = await OpenAsync(registry.DatabaseFile))
                {
                    if (await FirstSchema.VersionAsync(connection) > 1)
                        await FirstSchema.RestoreAsync(connection);
                }
                File.Delete(copy);
                File.Delete(copy + ".new");

                await KillWhenThereAsync(registry.DataDirectory, sign);

                await using var left = await OpenAsync(registry.DatabaseFile);
                var version = await FirstSchema.VersionAsync(left);
                var indexes = await FirstSchema.TextsAsync(left, "SELECT name FROM sqlite_schema WHERE name IN ('blob_placement_key', 'upload_key')");
                Assert.Equal(version == 1 ? 0 : 2, indexes.Count);
                rounds++;
                halfway += version == 1 ? 1 : 0;
                if (File.Exists(copy))
                {
                    await using var kept = await OpenAsync(copy);
                    Assert.Equal("ok", await FirstSchema.ScalarAsync(kept, "PRAGMA quick_check"));
                    Assert.Equal(1, await FirstSchema.VersionAsync(kept));
                }
            }
        });

        Assert.True(halfway > 0, "No kill came before the end of the upgrade.");
        await using var after = await OpenAsync(registry.DatabaseFile);
        await PermissionHistoryTests.HistoryIsWholeAsync(after);
        Assert.Equal(FirstSchema.Newest, await FirstSchema.VersionAsync(after));
        var client = registry.ClientFor(user.Name, user.Password);
        foreach (var image in images)
        {
            Assert.Equal(image.Manifest, (await client.ReadAsync($"/v2/{user.Name}/app/manifests/{image.Digest}", ("Accept", MediaTypes.OciManifest))).Is(200).Body);
            Assert.Equal(image.Layer, (await client.ReadAsync($"/v2/{user.Name}/app/blobs/{image.LayerDigest}")).Is(200).Body);
        }
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} kills, {halfway} of them before the upgrade was committed");
    }

    // Large enough that a copy and an index take long enough to be killed in.
    private static async Task FillAsync(string path)
    {
        await using var connection = await OpenAsync(path);
        await FirstSchema.ExecuteAsync(connection, """
            PRAGMA foreign_keys = OFF;
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
            INSERT INTO blob_placement (digest, location, storage_key, state) SELECT randomblob(32), 'nowhere', hex(randomblob(20)), 'lost' FROM n
            """);
    }

    private static async Task KillWhenThereAsync(string data, string file)
    {
        // Told by the kernel: who polls on a busy machine comes too late.
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(file)!, Path.GetFileName(file));
        watcher.Created += (_, _) => seen.TrySetResult();
        watcher.Renamed += (_, _) => seen.TrySetResult();
        watcher.EnableRaisingEvents = true;
        using var server = Process.Start(new ProcessStartInfo(Path.Combine(SourceTree.Root, "wharf"), ["serve", "--data", data, "--listen", "http://127.0.0.1:0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var there = await Task.WhenAny(seen.Task, server.WaitForExitAsync(Ct), Task.Delay(TimeSpan.FromSeconds(60), Ct)) == seen.Task;
        server.Kill();
        await server.WaitForExitAsync(Ct);
        Assert.True(there, $"{file} never was.");
    }

    private static async Task<SqliteConnection> OpenAsync(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        await connection.OpenAsync(Ct);
        return connection;
    }
}
