namespace Wharf.Scanner.Indexing.Rpm;

/// <summary>https://rpm-software-management.github.io/rpm/manual/tags.html</summary>
internal enum RpmTag
{
    Name = 1000,
    Version = 1001,
    Release = 1002,
    Epoch = 1003,
    Arch = 1022,
    SourceRpm = 1044,
    DirIndexes = 1116,
    BaseNames = 1117,
    DirNames = 1118,
    ModularityLabel = 5096,
}
