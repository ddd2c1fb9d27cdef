namespace Wharf.Server.Hosting;

/// <summary>What a process does; all by default.</summary>
internal enum Role
{
    /// <summary>Serves the registry and the API.</summary>
    Web,

    /// <summary>Runs background work.</summary>
    Worker,

    /// <summary>Indexes images and matches vulnerabilities.</summary>
    Scanner,

    /// <summary>Hands out builds.</summary>
    Builder,
}
