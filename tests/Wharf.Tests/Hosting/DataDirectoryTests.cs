using Wharf.Server.Hosting;

namespace Wharf.Tests.Hosting;

public sealed class DataDirectoryTests
{
    private static readonly string[] s_mounts =
    [
        "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw",
        "40 21 0:50 / /srv rw shared:2 - fuse.ntfs-3g /dev/sdb1 rw",
        "41 40 0:51 / /srv/far\\040away rw,nosuid shared:3 master:4 - fuse.sshfs me@host: rw",
    ];

    [Fact]
    public async Task It_is_for_its_owner_only()
    {
        await using var wharf = await RunningWharf.StartAsync();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(wharf.Data));
        Assert.All(Directory.GetFileSystemEntries(wharf.Data), f => Assert.Equal(UnixFileMode.None, File.GetUnixFileMode(f) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)));
    }

    [Fact]
    public async Task A_second_server_is_refused_with_the_process_id_of_the_first()
    {
        await using var first = await RunningWharf.StartAsync();

        var second = await RunningWharf.RunAsync(["serve", "--data", first.Data, "--listen", "http://127.0.0.1:0"], first.Directory.Path);

        Assert.Equal(2, second.Code);
        Assert.Contains($"{first.Data} is in use by process {first.Pid}.", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_server_leaves_nothing_in_the_way_of_the_next()
    {
        await using var first = await RunningWharf.StartAsync();
        first.Signal("KILL");
        await first.ExitAsync();
        Assert.True(File.Exists(Path.Combine(first.Data, "wharf.sock")));

        await using var next = await RunningWharf.StartAsync(directory: first.Directory);

        using var admin = next.AdminClient();
        using var answer = await admin.PostAsync("/commands/none", new StringContent("{}"), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_very_long_path_works()
    {
        using var directory = new TemporaryDirectory();
        var deep = directory.File(string.Join('/', Enumerable.Repeat("a-directory-with-a-long-name", 8)));

        await using var wharf = await RunningWharf.StartAsync(["--data", deep]);

        Assert.True(File.Exists(Path.Combine(deep, "wharf.sock")));
        var command = await RunningWharf.RunAsync(["user", "add", "alice", "--data", deep], directory.Path, input: "secret");
        Assert.DoesNotContain("does not answer", command.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x6969, "nfs")]
    [InlineData(0xFF534D42, "cifs")]
    [InlineData(0xFE534D42, "smb2")]
    [InlineData(0x00C36400, "ceph")]
    [InlineData(0x01021997, "9p")]
    public void Network_file_systems_are_known(uint type, string name) => Assert.Equal(name, NetworkFileSystem.Name(type, () => [], "/srv"));

    [Theory]
    [InlineData(0xEF53)] // ext4
    [InlineData(0x58465342)] // xfs
    [InlineData(0x9123683E)] // btrfs
    [InlineData(0x01021994)] // tmpfs
    [InlineData(0x794C7630)] // overlayfs
    public void Local_file_systems_are_taken(uint type) => Assert.Null(NetworkFileSystem.Name(type, () => s_mounts, "/srv"));

    [Theory]
    [InlineData("/srv/data", null)]
    [InlineData("/srv/far away", "fuse.sshfs")]
    [InlineData("/srv/far away/data", "fuse.sshfs")]
    [InlineData("/srv/far away from it", null)]
    public void File_systems_in_user_space_are_told_apart_by_their_mount(string directory, string? name) =>
        Assert.Equal(name, NetworkFileSystem.Name(0x65735546, () => s_mounts, directory));
}
