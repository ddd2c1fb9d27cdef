namespace Wharf.Server.Hosting;

/// <summary>Knows file systems whose files other machines may change.</summary>
internal static class NetworkFileSystem
{
    // statfs(2) f_type, from linux/magic.h and the file systems' own headers
    private const uint Fuse = 0x65735546;

    private static readonly Dictionary<uint, string> s_names = new()
    {
        [0x6969] = "nfs",
        [0x517B] = "smb",
        [0xFE534D42] = "smb2",
        [0xFF534D42] = "cifs",
        [0x01021997] = "9p",
        [0x00C36400] = "ceph",
        [0x5346414F] = "afs",
        [0x6B414653] = "kafs",
        [0x73757245] = "coda",
        [0x564C] = "ncp",
        [0x47504653] = "gpfs",
        [0x0BD00BD0] = "lustre",
        [0x19830326] = "beegfs",
        [0xAAD7AAEA] = "panfs",
        [0x7461636F] = "ocfs2",
        [0x01161970] = "gfs2",
        [0x786F4256] = "vboxsf",
    };

    // The kernel says only "fuse"; mountinfo says which. Local ones (ntfs-3g, fuse-overlayfs of rootless containers) stay allowed.
    private static readonly string[] s_fuse =
        ["sshfs", "s3fs", "s3ql", "gcsfuse", "blobfuse", "blobfuse2", "goofys", "mountpoint-s3", "rclone", "davfs", "curlftpfs", "glusterfs", "ceph", "ceph-fuse", "juicefs", "seaweedfs", "moosefs", "mfs", "lizardfs", "quobyte", "smbnetfs", "nfs"];

    /// <summary>The name of the network file system that holds this directory, or null when it is local.</summary>
    public static string? NameAt(string directory)
    {
        // struct statfs is 120 bytes on 64-bit Linux and begins with f_type.
        Span<long> buffer = stackalloc long[32];
        if (Libc.StatFileSystem(directory, buffer) != 0) return null;
        return Name((uint)buffer[0], () => File.ReadLines("/proc/self/mountinfo"), directory);
    }

    internal static string? Name(uint type, Func<IEnumerable<string>> mounts, string directory) =>
        type == Fuse ? FuseName(mounts(), directory) : s_names.GetValueOrDefault(type);

    private static string? FuseName(IEnumerable<string> mounts, string directory)
    {
        // proc_pid_mountinfo(5): field 5 is the mount point (with \040 for a space); the type is the first field after " - ".
        var (longest, type) = (-1, "");
        foreach (var mount in mounts)
        {
            var fields = mount.Split(' ');
            var dash = Array.IndexOf(fields, "-");
            if (dash < 6 || dash + 1 >= fields.Length) continue;
            var point = fields[4].Replace("\\040", " ", StringComparison.Ordinal).TrimEnd('/');
            if (point.Length >= longest && (directory == point || directory.StartsWith(point + "/", StringComparison.Ordinal)))
            {
                (longest, type) = (point.Length, fields[dash + 1]);
            }
        }

        return type.StartsWith("fuse.", StringComparison.Ordinal) && s_fuse.Contains(type[5..], StringComparer.OrdinalIgnoreCase) ? type : null;
    }
}
