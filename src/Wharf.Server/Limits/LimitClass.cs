namespace Wharf.Server.Limits;

/// <summary>Kinds of requests, each of which has its own share: a search that is too much must not keep a node from its image.</summary>
internal enum LimitClass
{
    /// <summary>Pulls.</summary>
    RegistryReads,

    /// <summary>Pushes and deletions.</summary>
    RegistryWrites,

    /// <summary>Tokens for the registry.</summary>
    Tokens,

    /// <summary>What is not of the registry protocol.</summary>
    Api,

    /// <summary>What costs the database more than a few rows.</summary>
    Search,
}
